using System.Text.RegularExpressions;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Writing;

/// <summary>MicroTime (leases, events) takes exactly six fraction digits; the refusals are Go's time parser's.</summary>
internal static partial class MicroTimes
{
    public static void Check(string text, ResourceDefinition resource)
    {
        if (Whole().IsMatch(text))
        {
            return;
        }

        Match parts = Parts().Match(text);
        string fraction = parts.Groups["fraction"].Value;
        string zone = parts.Groups["zone"].Value;
        string rest = !parts.Success ? $"cannot parse \"{text}\" as \"2006\""
            : fraction.Length > 7 ? $"cannot parse \"{fraction[7..]}{zone}\" as \"Z07:00\""
            : $"cannot parse \"{fraction}{zone}\" as \".000000\"";
        throw ApiErrors.BadRequest(ObjectDecoder.CannotHandle(
            resource, $"parsing time {System.Text.Json.Nodes.JsonValue.Create(text).ToText()} as \"2006-01-02T15:04:05.000000Z07:00\": {rest}"));
    }

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[-+]\d{2}:\d{2})$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Whole();

    [GeneratedRegex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?<fraction>(\.\d*)?)(?<zone>.*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parts();
}
