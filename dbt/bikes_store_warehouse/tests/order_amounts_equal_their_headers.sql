-- Money: the lines of each order add up to the amounts of its header, to the last digit. NaN equals itself, but NaN
-- less NaN is not 0.
with

headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

),

orders as (

    select
        nk_sales_order,
        sum(tax_amount) as tax_amount,
        sum(freight) as freight,
        sum(total_due) as total_due
    from {{ ref('fact_order') }}
    group by 1

)

select
    orders.nk_sales_order,
    orders.tax_amount - headers.taxamt as tax_difference,
    orders.freight - headers.freight as freight_difference,
    orders.total_due - headers.totaldue as total_due_difference
from orders
inner join headers on orders.nk_sales_order = headers.salesorderid
where
    orders.tax_amount - headers.taxamt <> 0
    or orders.freight - headers.freight <> 0
    or orders.total_due - headers.totaldue <> 0
