select * from orders where day = '${args.day}'
