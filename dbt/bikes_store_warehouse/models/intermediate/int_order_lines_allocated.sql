-- Order lines with their header, whose amounts are shared out to them. A line whose header has not arrived is kept.
with

-- filtered here, before the lines are sorted and added up by order, so that a run pays for the orders it builds
order_lines as (

    select * from {{ source('bikes_store_staging', 'salesorderdetail') }}
    where salesorderid in (select orders.nk_sales_order from {{ ref('int_orders_to_build') }} as orders)

),

order_headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

),

joined as (

    select
        order_lines.salesorderid::bigint as nk_sales_order,
        order_lines.salesorderdetailid::bigint as nk_sales_order_detail,
        order_lines.productid::bigint as nk_product,
        order_lines.specialofferid::bigint as nk_special_offer,
        order_headers.customerid::bigint as nk_customer,
        order_headers.salespersonid::bigint as nk_sales_person,
        order_headers.territoryid::bigint as nk_sales_territory,
        order_headers.shipmethodid::bigint as nk_ship_method,
        order_headers.currencyrateid::bigint as nk_currency_rate,
        order_headers.purchaseordernumber::text as purchase_order_number,
        order_lines.carriertrackingnumber::text as carrier_tracking_number,
        case
            when order_headers.onlineorderflag::boolean then 'online'
            when not order_headers.onlineorderflag::boolean then 'reseller'
            else 'unknown'
        end as sales_channel,
        order_headers.status as order_status,
        order_lines.orderqty as order_qty,
        order_lines.unitprice as unit_price,
        order_lines.unitpricediscount as unit_price_discount,
        order_lines.orderqty * order_lines.unitprice * (1 - order_lines.unitpricediscount) as line_total,
        coalesce(order_headers.taxamt, 0) as order_tax_amount,
        coalesce(order_headers.freight, 0) as order_freight,
        coalesce(
            order_headers.totaldue, order_headers.subtotal + order_headers.taxamt + order_headers.freight, 0
        ) as order_total_due,
        order_headers.salesorderid is not null as has_header,
        order_headers.orderdate as ordered_at,
        order_headers.duedate as due_at,
        order_headers.shipdate as shipped_at,
        -- the source dates a line by its order, so a line without its header still has a moment
        coalesce(order_headers.orderdate, order_lines.modifieddate) as happened_at,
        greatest(order_lines.modifieddate, order_headers.modifieddate) as modified_at
    from order_lines
    left join order_headers on order_lines.salesorderid = order_headers.salesorderid

),

weighed as (

    select
        *,
        sum(line_total) over (partition by nk_sales_order) as order_line_total,
        count(*) over (partition by nk_sales_order) as order_line_count,
        row_number() over (partition by nk_sales_order order by nk_sales_order_detail desc) = 1 as is_last_line
    from joined

),

shared_out as (

    select
        *,
        {{ share_of('order_tax_amount') }} as tax_share,
        {{ share_of('order_freight') }} as freight_share,
        {{ share_of('order_total_due') }} as total_due_share
    from weighed

),

allocated as (

    select
        *,
        tax_share + {{ remainder_of('order_tax_amount', 'tax_share') }} as tax_amount,
        freight_share + {{ remainder_of('order_freight', 'freight_share') }} as freight,
        total_due_share + {{ remainder_of('order_total_due', 'total_due_share') }} as total_due
    from shared_out

)

select * from allocated
