-- The daily run does not build dim_date. If an order is later than its last day, run the group warehouse_init once.
with

headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

)

select headers.salesorderid as nk_sales_order
from headers
left join {{ ref('dim_date') }} as dates on headers.orderdate::date = dates.nk_date
where dates.nk_date is null
