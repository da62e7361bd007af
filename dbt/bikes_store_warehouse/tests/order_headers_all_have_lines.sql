-- The amounts of an order without lines cannot be shared out to anything, so fact_order does not hold them.
{{ config(severity='warn') }}

with

headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

),

fact as (

    select * from {{ ref('fact_order') }}

)

select headers.salesorderid as nk_sales_order
from headers
left join fact on headers.salesorderid = fact.nk_sales_order
where fact.nk_sales_order is null
