-- The amounts of an order without lines cannot be shared out to anything, so fact_order does not hold them.
{{ config(severity='warn') }}

select headers.salesorderid as nk_sales_order
from {{ source('bikes_store_staging', 'salesorderheader') }} as headers
left join {{ ref('fact_order') }} as fact on headers.salesorderid = fact.nk_sales_order
where fact.nk_sales_order is null
