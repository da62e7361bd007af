-- Lines may arrive before their header: until it comes, fact_order holds them with unknown attributes.
{{ config(severity='warn') }}

with

lines as (

    select * from {{ source('bikes_store_staging', 'salesorderdetail') }}

),

headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

)

select distinct lines.salesorderid as nk_sales_order
from lines
left join headers on lines.salesorderid = headers.salesorderid
where headers.salesorderid is null
