using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>
/// Kubernetes' <c>$(NAME)</c> in args and env values: unknown names stay as they are, <c>$$</c> is a literal dollar.
/// </summary>
internal static partial class VariableExpansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables) =>
        Reference().Replace(text, match => match.Value == "$$" ? "$" : variables.GetValueOrDefault(match.Groups["name"].Value, match.Value));

    [GeneratedRegex(@"\$\$|\$\((?<name>[^$)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Reference();
}
