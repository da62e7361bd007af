-- Whether fact_order holds what the staging area holds, in rows and in money. A view, so that it tells the present.
--
-- It reads staging rows as JSON because PostgreSQL refuses to change the type of a column that a view names, and the
-- staging area has to follow the source.
{{ config(materialized='view') }}

with

staged_lines as (

    select line.*
    from {{ source('bikes_store_staging', 'salesorderdetail') }} as stored
    cross join
        json_to_record(row_to_json(stored))
            as line (salesorderid bigint, orderqty numeric, unitprice numeric, unitpricediscount numeric)

),

staged_headers as (

    select header.*
    from {{ source('bikes_store_staging', 'salesorderheader') }} as stored
    cross join json_to_record(row_to_json(stored)) as header (salesorderid bigint, totaldue numeric)

),

staged as (

    select
        (select count(*) from staged_lines) as order_lines,
        (select sum(orderqty * unitprice * (1 - unitpricediscount)) from staged_lines) as revenue,
        -- a header without lines is left out: fact_order has no row that could hold its amounts
        (
            select sum(totaldue) from staged_headers
            where salesorderid in (select staged_lines.salesorderid from staged_lines)
        ) as total_due

),

built as (

    select
        count(*) as order_lines,
        sum(line_total) as revenue,
        sum(total_due) as total_due
    from {{ ref('fact_order') }}

),

measures as (
    {% for measure in ['order_lines', 'revenue', 'total_due'] %}
        select
            '{{ measure }}' as measure,
            coalesce(staged.{{ measure }}, 0)::numeric as staged,
            coalesce(built.{{ measure }}, 0)::numeric as built
        from staged
        cross join built
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    measure,
    staged,
    built,
    abs(staged - built) as difference
from measures
