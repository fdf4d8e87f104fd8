using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Requests;

/// <summary>Options of a DELETE: from its body, or from the query when there is none.</summary>
internal sealed record DeleteOptions(long? GracePeriodSeconds, string? Uid, string? ResourceVersion, string? PropagationPolicy, bool DryRun)
{
    public static DeleteOptions Read(HttpRequest request, JsonObject? body)
    {
        FieldErrors errors = new();
        string? policy = body?.Text("propagationPolicy");
        long? grace = body?.Integer("gracePeriodSeconds");
        bool? orphan = body?["orphanDependents"] is JsonValue v && v.TryGetValue(out bool flag) ? flag : null;
        IReadOnlyList<string?> dryRun = body?.Items("dryRun") is { } items ? [.. items.Select(i => i.AsText())] : [];
        if (body is null || body.Count == 0)
        {
            policy = request.Query["propagationPolicy"].ToString() is { Length: > 0 } given ? given : null;
            dryRun = [.. request.Query["dryRun"]];
            if (request.Query["gracePeriodSeconds"].ToString() is { Length: > 0 } seconds)
            {
                grace = long.TryParse(seconds, out long parsed)
                    ? parsed
                    : throw ApiErrors.BadRequest($"strconv.ParseInt: parsing {JsonValue.Create(seconds).ToText()}: invalid syntax");
            }
        }

        if (policy is not (null or "Foreground" or "Background" or "Orphan"))
        {
            errors.NotSupported("propagationPolicy", policy, "Foreground", "Background", "Orphan", "nil");
        }
        else if (policy is not null && orphan is not null)
        {
            errors.InvalidText("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set");
        }

        bool isDryRun = WriteOptions.ReadDryRun(dryRun, errors);
        ApiErrors.Refuse("meta.k8s.io", "DeleteOptions", string.Empty, errors);

        policy ??= orphan switch { true => "Orphan", false => "Background", null => null };
        JsonObject? preconditions = body?.Child("preconditions");
        return new DeleteOptions(grace is < 0 ? 0 : grace, preconditions?.Text("uid"), preconditions?.Text("resourceVersion"), policy, isDryRun);
    }
}
