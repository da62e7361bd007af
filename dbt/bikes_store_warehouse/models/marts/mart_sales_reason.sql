-- Why customers bought, by year. An order with two reasons counts under both, so the rows of a year add up to more than
-- its sales; orders without a reason are under "None given".
with

orders as (

    select
        order_lines.nk_sales_order,
        dates.year_number as order_year,
        sum(order_lines.line_total) as revenue
    from {{ ref('fact_order') }} as order_lines
    inner join {{ ref('dim_date') }} as dates on order_lines.sk_order_date = dates.sk_date
    group by 1, 2

),

order_reasons as (

    select
        order_reasons.nk_sales_order,
        sales_reasons.sales_reason_name,
        sales_reasons.sales_reason_type
    from {{ ref('fact_order_reason') }} as order_reasons
    inner join {{ ref('dim_sales_reason') }} as sales_reasons
        on order_reasons.sk_sales_reason = sales_reasons.sk_sales_reason

),

summed as (

    select
        orders.order_year,
        coalesce(order_reasons.sales_reason_name, 'None given') as sales_reason_name,
        coalesce(order_reasons.sales_reason_type, 'None given') as sales_reason_type,
        count(*) as orders,
        sum(orders.revenue) as revenue
    from orders
    left join order_reasons on orders.nk_sales_order = order_reasons.nk_sales_order
    group by 1, 2, 3

)

select * from summed
