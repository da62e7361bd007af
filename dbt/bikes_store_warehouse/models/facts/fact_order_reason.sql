-- One row for each order and reason that the customer gave. An order may have several reasons, so amounts are not
-- repeated here: join fact_order by the order to get them.
with

order_reasons as (

    select * from {{ source('bikes_store_staging', 'salesorderheadersalesreason') }}

),

order_headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

),

sales_reasons as (

    select * from {{ ref('dim_sales_reason') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

customers as (

    {{ versions(ref('dim_customer'), 'nk_customer') }}

),

keyed as (

    select
        {{ surrogate_key(['order_reasons.salesorderid', 'order_reasons.salesreasonid']) }} as sk_order_reason,
        {{ or_unknown('sales_reasons.sk_sales_reason') }} as sk_sales_reason,
        {{ or_unknown('dates.sk_date') }} as sk_order_date,
        {{ or_unknown('customers.sk_customer') }} as sk_customer,
        order_reasons.salesorderid::bigint as nk_sales_order,
        order_reasons.salesreasonid::bigint as nk_sales_reason,
        order_reasons.modifieddate as modified_at
    from order_reasons
    left join order_headers on order_reasons.salesorderid = order_headers.salesorderid
    left join sales_reasons on order_reasons.salesreasonid = sales_reasons.nk_sales_reason
    left join dates on order_headers.orderdate::date = dates.nk_date
    left join customers
        on order_headers.customerid = customers.nk_customer and {{ holds_at('customers', 'order_headers.orderdate') }}

)

select * from keyed
