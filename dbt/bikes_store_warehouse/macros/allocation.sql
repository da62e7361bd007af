{#-
  Shares an order's amount out to its lines in proportion to their line totals. If the lines are worth nothing, they
  get equal shares. A share is cut to four decimals, which is the source's precision; it is not rounded, because a
  remainder could then be less than nothing. `remainder_of` gives what is left over to the order's last line.
-#}
{% macro share_of(amount) -%}
    trunc(
        case
            when order_line_total = 0 then {{ amount }} / order_line_count
            else {{ amount }} * line_total / order_line_total
        end, 4
    )
{%- endmacro %}

{% macro remainder_of(amount, share) -%}
    case when is_last_line then {{ amount }} - sum({{ share }}) over (partition by nk_sales_order) else 0 end
{%- endmacro %}
