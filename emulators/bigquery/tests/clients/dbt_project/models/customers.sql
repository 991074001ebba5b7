{{ config(materialized='table', cluster_by='customer') }}
select customer, count(*) as orders, sum(amount) as amount from {{ ref('stg_orders') }} group by customer
