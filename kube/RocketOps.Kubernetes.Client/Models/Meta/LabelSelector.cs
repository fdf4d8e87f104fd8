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
