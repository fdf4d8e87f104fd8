using System.Text.RegularExpressions;

namespace RocketOps.Embedded.Api.Metadata;

/// <summary>Syntax of labels' keys and values, in the words of k8s.io/apimachinery pkg/util/validation.</summary>
internal static partial class LabelSyntax
{
    private const int MaxLength = 63;

    private const string QualifiedNameText =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string LabelValueText =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private const string KeyText =
        "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        + " (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

    /// <summary>Finds why the text is no key of a label, an annotation or a finalizer; nothing when it is one.</summary>
    public static IEnumerable<string> KeyProblems(string key)
    {
        string[] parts = key.Split('/');
        if (parts.Length > 2)
        {
            yield return KeyText;
            yield break;
        }

        if (parts.Length == 2)
        {
            if (parts[0].Length == 0)
            {
                yield return "prefix part must be non-empty";
            }
            else if (parts[0].Length > 253 || !MetadataValidator.Subdomain().IsMatch(parts[0]))
            {
                yield return "prefix part " + MetadataValidator.SubdomainText;
            }
        }

        string name = parts[^1];
        if (name.Length == 0)
        {
            yield return "name part must be non-empty";
        }
        else if (name.Length > MaxLength)
        {
            yield return $"name part must be no more than {MaxLength} characters";
        }

        if (!QualifiedName().IsMatch(name))
        {
            yield return QualifiedNameText;
        }
    }

    /// <summary>Finds why the text is no label value; nothing when it is one.</summary>
    public static IEnumerable<string> ValueProblems(string value)
    {
        if (value.Length > MaxLength)
        {
            yield return $"must be no more than {MaxLength} characters";
        }

        if (!LabelValue().IsMatch(value))
        {
            yield return LabelValueText;
        }
    }

    [GeneratedRegex(@"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex LabelValue();
}
