{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by={'field': 'day', 'data_type': 'date'}) }}
select * from {{ ref('stg_orders') }}
{% if is_incremental() %} where day >= '2026-01-02' {% endif %}
