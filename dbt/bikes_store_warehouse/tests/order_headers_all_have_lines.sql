-- An order without lines has nothing that its amounts could be shared out to, so fact_order can't hold them.
{{ config(severity='warn') }}

select headers.salesorderid as nk_sales_order
from {{ source('bikes_store_staging', 'salesorderheader') }} as headers
left join {{ ref('fact_order') }} as fact on headers.salesorderid = fact.nk_sales_order
where fact.nk_sales_order is null
