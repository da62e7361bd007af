-- Rows: every order line of staging is in fact_order, and no other line is.
with

staged as (

    select
        salesorderid::bigint as nk_sales_order,
        salesorderdetailid::bigint as nk_sales_order_detail
    from {{ source('bikes_store_staging', 'salesorderdetail') }}

),

fact as (

    select
        nk_sales_order,
        nk_sales_order_detail
    from {{ ref('fact_order') }}

)

select
    coalesce(staged.nk_sales_order, fact.nk_sales_order) as nk_sales_order,
    coalesce(staged.nk_sales_order_detail, fact.nk_sales_order_detail) as nk_sales_order_detail,
    case when fact.nk_sales_order is null then 'missing' else 'left over' end as fault
from staged
full join fact
    on
        staged.nk_sales_order = fact.nk_sales_order
        and staged.nk_sales_order_detail = fact.nk_sales_order_detail
where staged.nk_sales_order is null or fact.nk_sales_order is null
