using System.Globalization;
using RocketOps.Kubernetes.Entities.Schema;

namespace RocketOps.Kubernetes.Models;

/// <summary>Selects objects by their labels: all of the map and all of the expressions must hold, so an empty one selects everything.</summary>
public sealed class LabelSelector
{
    public Dictionary<string, string>? MatchLabels { get; set; }

    public List<LabelSelectorRequirement>? MatchExpressions { get; set; }

    /// <param name="labels">An object's; null is none.</param>
    public bool Matches(IReadOnlyDictionary<string, string>? labels) =>
        (MatchLabels is null || MatchLabels.All(wanted => labels?.GetValueOrDefault(wanted.Key) == wanted.Value))
        && (MatchExpressions is null || MatchExpressions.TrueForAll(expression => expression.Matches(labels)));
}

public sealed class LabelSelectorRequirement
{
    public string Key { get; set; } = "";

    [EnumValues("In", "NotIn", "Exists", "DoesNotExist")]
    public string Operator { get; set; } = "";

    public List<string>? Values { get; set; }

    /// <summary>Also by <c>Gt</c> and <c>Lt</c>, which selectors have in queries only. False for an operator that is none.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        string? value = labels?.GetValueOrDefault(Key);
        return Operator switch
        {
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "In" => value is not null && Values?.Contains(value) == true,
            "NotIn" => value is null || Values?.Contains(value) != true,
            "Gt" => Number(value) > Number(Values?.FirstOrDefault()),
            "Lt" => Number(value) < Number(Values?.FirstOrDefault()),
            _ => false,
        };
    }

    // Comparisons with null are false.
    private static long? Number(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
}
