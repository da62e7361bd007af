-- Every order line with the keys of what the line itself names; int_orders_keyed has those of what its order names.
with

order_lines as (

    select
        salesorderid::bigint as nk_sales_order,
        salesorderdetailid::bigint as nk_sales_order_detail,
        productid::bigint as nk_product,
        specialofferid::bigint as nk_special_offer,
        carriertrackingnumber::text as carrier_tracking_number,
        orderqty as order_qty,
        unitprice as unit_price,
        unitpricediscount as unit_price_discount,
        modifieddate as modified_at,
        changed_at
    from {{ source('bikes_store_staging', 'salesorderdetail') }}

),

order_headers as (

    select
        salesorderid,
        orderdate
    from {{ source('bikes_store_staging', 'salesorderheader') }}

),

products as (

    {{ versions(ref('dim_product'), 'nk_product') }}

),

special_offers as (

    select * from {{ ref('dim_special_offer') }}

),

dated as (

    select
        order_lines.*,
        -- the source dates a line by its order, so a line whose header has not arrived still has a moment
        coalesce(order_headers.orderdate, order_lines.modified_at) as happened_at
    from order_lines
    left join order_headers on order_lines.nk_sales_order = order_headers.salesorderid

)

select
    dated.nk_sales_order,
    dated.nk_sales_order_detail,
    {{ or_unknown('products.sk_product') }} as sk_product,
    {{ or_unknown('special_offers.sk_special_offer') }} as sk_special_offer,
    dated.carrier_tracking_number,
    dated.order_qty,
    dated.unit_price,
    dated.unit_price_discount,
    dated.modified_at,
    dated.changed_at
from dated
left join products on dated.nk_product = products.nk_product and {{ holds_at('products', 'dated.happened_at') }}
left join special_offers on dated.nk_special_offer = special_offers.nk_special_offer
