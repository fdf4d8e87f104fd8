using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Embedded.Api.Selectors;
using RocketOps.Embedded.Api.Store;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Api.Requests;

/// <summary>Options of a list or watch (reference: embedded-api.md §7).</summary>
internal sealed class ListOptions
{
    public required LabelSelector Labels { get; init; }

    public required FieldSelector Fields { get; init; }

    public bool Watch { get; init; }

    /// <summary>Version as given; empty when absent.</summary>
    public string ResourceVersion { get; init; } = string.Empty;

    public string ResourceVersionMatch { get; init; } = string.Empty;

    public bool? SendInitialEvents { get; init; }

    public bool AllowBookmarks { get; init; }

    public long Limit { get; init; }

    /// <summary>Continuation of a paged list: the version of its first page and the last name delivered.</summary>
    public (long Version, ObjectName After)? Continue { get; init; }

    public TimeSpan? Timeout { get; init; }

    public static ListOptions Read(HttpRequest request, ResourceDefinition resource, bool watchPath)
    {
        IQueryCollection query = request.Query;
        bool watch = watchPath || query["watch"].ToString() is "true" or "1";
        ListOptions options = new()
        {
            Labels = LabelSelectorParser.Parse(query["labelSelector"]),
            Fields = FieldSelector.Parse(query["fieldSelector"], resource),
            Watch = watch,
            ResourceVersion = query["resourceVersion"].ToString(),
            ResourceVersionMatch = query["resourceVersionMatch"].ToString(),
            SendInitialEvents = query["sendInitialEvents"].ToString() switch { "" => null, "true" or "1" => true, _ => false },
            AllowBookmarks = query["allowWatchBookmarks"].ToString() is "true" or "1",
            Limit = Integer(query["limit"].ToString()),
            Timeout = Integer(query["timeoutSeconds"].ToString()) is > 0 and var seconds ? TimeSpan.FromSeconds(Math.Min(seconds, 86_400)) : null,
            Continue = Token(query["continue"].ToString()),
        };
        options.Check();
        return options;
    }

    /// <summary>Tells whether the path and the selectors mean an object of the resource.</summary>
    public bool Selects(RequestTarget target, StoredObject stored) =>
        (target.Namespace.Length == 0 || stored.Name.Namespace == target.Namespace)
        && (target.Name.Length == 0 || stored.Name.Name == target.Name)
        && Labels.Matches(stored.Labels)
        && Fields.Matches(stored);

    /// <summary>An opaque position; the same shape the real server writes.</summary>
    public static string Token(long version, ObjectName last, bool namespaced)
    {
        string start = namespaced && last.Namespace.Length > 0 ? $"{last.Namespace}/{last.Name}\0" : $"{last.Name}\0";
        JsonObject token = new() { ["v"] = "meta.k8s.io/v1", ["rv"] = version, ["start"] = start };
        return Convert.ToBase64String(token.ToUtf8()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>A resourceVersion as a number.</summary>
    public static bool TryVersion(string text, out long version) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version);

    private void Check()
    {
        FieldErrors errors = new();
        string match = ResourceVersionMatch;
        if (!Watch && SendInitialEvents is not null)
        {
            errors.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
        }

        string? forbidden = (Watch, SendInitialEvents, match) switch
        {
            (true, not null, "") => "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            (true, null, not "") => "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            (true, _, _) or (_, _, "") => null,
            _ when ResourceVersion.Length == 0 => "resourceVersionMatch is forbidden unless resourceVersion is provided",
            _ when Continue is not null => "resourceVersionMatch is forbidden when continue is provided",
            _ when match == "Exact" && ResourceVersion == "0" => "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            _ => null,
        };
        if (forbidden is not null)
        {
            errors.Forbidden("resourceVersionMatch", forbidden);
        }

        string[] supported = Watch ? ["NotOlderThan"] : ["Exact", "NotOlderThan", ""];
        if ((Watch || forbidden is null) && match.Length > 0 && !supported.Contains(match))
        {
            errors.NotSupported("resourceVersionMatch", match, supported);
        }

        ApiErrors.Refuse("meta.k8s.io", "ListOptions", string.Empty, errors);
        if (ResourceVersion.Length > 0 && !TryVersion(ResourceVersion, out _))
        {
            string syntax = $"strconv.ParseUint: parsing {JsonValue.Create(ResourceVersion).ToText()}: invalid syntax";
            throw ApiErrors.Internal($"resourceVersion: Invalid value: {JsonValue.Create(ResourceVersion).ToText()}: {syntax}");
        }

        if (Continue is not null && ResourceVersion.Length > 0 && ResourceVersion != "0")
        {
            throw ApiErrors.BadRequest("specifying resource version is not allowed when using continue");
        }
    }

    private static long Integer(string text) =>
        text.Length == 0 ? 0
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
        : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing {JsonValue.Create(text).ToText()}: invalid syntax");

    private static (long Version, ObjectName After)? Token(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            string padded = text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '=');
            JsonObject? token = JsonReading.Parse(Convert.FromBase64String(padded)) as JsonObject;
            return token?.Text("v") == "meta.k8s.io/v1" && token.Integer("rv") is > 0 and var version && token.Text("start")?.TrimEnd('\0').Split('/') is [.., { Length: > 0 } name] parts
                ? (version, new ObjectName(parts.Length == 2 ? parts[0] : string.Empty, name))
                : throw new FormatException("incorrect encoded start key");
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest($"invalid continue token: continue key is not valid: {e.Message}");
        }
    }
}
