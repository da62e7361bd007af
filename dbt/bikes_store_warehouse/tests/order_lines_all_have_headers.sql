-- Lines may arrive before their header: until it comes, fact_order holds them with unknown attributes.
{{ config(severity='warn') }}

select distinct lines.salesorderid as nk_sales_order
from {{ source('bikes_store_staging', 'salesorderdetail') }} as lines
left join {{ source('bikes_store_staging', 'salesorderheader') }} as headers
    on lines.salesorderid = headers.salesorderid
where headers.salesorderid is null
