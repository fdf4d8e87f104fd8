using System.Text;

namespace RocketOps.Embedded.Kubelet.Containers;

/// <summary>
/// Kubernetes' <c>$(NAME)</c> in args and env values: unknown names stay as they are, <c>$$</c> is a literal dollar.
/// </summary>
internal static class VariableExpansion
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return text;
        }

        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
                continue;
            }

            int close = text[i + 1] == '(' ? text.IndexOf(')', i + 2) : -1;
            if (close > 0 && variables.TryGetValue(text[(i + 2)..close], out string? value))
            {
                result.Append(value);
                i = close;
                continue;
            }

            result.Append('$');
        }

        return result.ToString();
    }
}
