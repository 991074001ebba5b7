select id as order_id, customer, day, cast(amount as numeric) as amount from {{ ref('raw_orders') }}
