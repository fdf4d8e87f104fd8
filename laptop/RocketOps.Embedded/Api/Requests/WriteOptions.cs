using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Requests;

/// <summary>Query options of a write, and the warnings it collects for its answer.</summary>
internal sealed class WriteOptions
{
    /// <summary>The writer's name in managedFields.</summary>
    public required string Manager { get; init; }

    /// <summary>True when the name came from <c>fieldManager</c> (required for apply) rather than from the User-Agent.</summary>
    public bool ManagerGiven { get; init; }

    public bool DryRun { get; init; }

    public bool Force { get; init; }

    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;

    public List<string> Warnings { get; } = [];

    /// <param name="kind">The options' kind in error messages: <c>CreateOptions</c>, <c>UpdateOptions</c>, <c>PatchOptions</c>.</param>
    /// <param name="request">The request whose query and User-Agent are read.</param>
    public static WriteOptions Read(HttpRequest request, string kind)
    {
        FieldErrors errors = new();
        bool dryRun = ReadDryRun(request.Query["dryRun"], errors);
        string validation = request.Query["fieldValidation"].ToString();
        if (validation is not ("" or "Ignore" or "Strict" or "Warn"))
        {
            errors.NotSupported("fieldValidation", validation, "", "Ignore", "Strict", "Warn");
        }

        string manager = request.Query["fieldManager"].ToString();
        if (manager.Length > 128)
        {
            errors.TooLong("fieldManager", 128);
        }
        else if (manager.Any(char.IsControl))
        {
            errors.InvalidText("fieldManager", manager, "should only contain printable characters");
        }

        ApiErrors.Refuse("meta.k8s.io", kind, string.Empty, errors);

        WriteOptions options = new()
        {
            Manager = manager.Length > 0 ? manager : ManagerOf(request.Headers.UserAgent.ToString()),
            ManagerGiven = manager.Length > 0,
            DryRun = dryRun,
            Force = request.Query["force"].ToString() is "true" or "1",
            FieldValidation = validation switch { "Ignore" => FieldValidation.Ignore, "Strict" => FieldValidation.Strict, _ => FieldValidation.Warn },
        };

        // An answer that is an error carries the warnings as well.
        request.HttpContext.Items[typeof(WriteOptions)] = options;
        return options;
    }

    public static bool ReadDryRun(IReadOnlyList<string?> values, FieldErrors errors)
    {
        if (values.Any(v => v is not ("All" or "")))
        {
            errors.NotSupported("dryRun", JsonNodes.Array(values.Select(v => JsonValue.Create(v))), [JsonValue.Create("All")]);
        }

        return values.Contains("All");
    }

    private static string ManagerOf(string userAgent)
    {
        string name = userAgent.Split('/')[0];
        return name.Length switch { 0 => "unknown", > 128 => name[..128], _ => name };
    }
}

/// <summary>Treatment of unknown and duplicate fields.</summary>
internal enum FieldValidation
{
    /// <summary>Tell the client in a <c>Warning</c> header; the default.</summary>
    Warn,
    Ignore,
    Strict,
}
