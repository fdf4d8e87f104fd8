using System.Globalization;

namespace RocketOps.Embedded.Api.Selectors;

internal sealed record LabelRequirement(string Key, LabelOperator Operator, IReadOnlyList<string> Values)
{
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        bool present = labels.TryGetValue(Key, out string? value);
        return Operator switch
        {
            LabelOperator.Present => present,
            LabelOperator.Absent => !present,
            LabelOperator.In => present && Values.Contains(value!),
            LabelOperator.NotIn => !present || !Values.Contains(value!),
            LabelOperator.GreaterThan => Compare(value, out int order) && order > 0,
            LabelOperator.LessThan => Compare(value, out int order) && order < 0,
            _ => false,
        };
    }

    private bool Compare(string? value, out int order)
    {
        order = 0;
        if (!long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long actual)
            || !long.TryParse(Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long bound))
        {
            return false;
        }

        order = actual.CompareTo(bound);
        return true;
    }
}
