using RocketOps.Embedded.Api.Errors;

namespace RocketOps.Embedded.Api.Selectors;

/// <summary>A label selector in its query form: <c>a</c>, <c>!a</c>, <c>a=b</c>, <c>a!=b</c>, <c>a in (x,y)</c>, <c>a notin (x)</c>, joined by commas.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly IReadOnlyList<LabelRequirement> _requirements;

    public LabelSelector(IReadOnlyList<LabelRequirement> requirements) => _requirements = requirements;

    public bool IsEverything => _requirements.Count == 0;

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (LabelRequirement requirement in _requirements)
        {
            if (!requirement.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <exception cref="ApiErrorException">400 in the words of the real parser.</exception>
    public static LabelSelector Parse(string? text) => string.IsNullOrWhiteSpace(text) ? Everything : new(new LabelSelectorParser(text).Parse());
}
