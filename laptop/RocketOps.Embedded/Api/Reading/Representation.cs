using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Reading;

/// <summary>Form that the Accept header asks for (reference: embedded-api.md §2.2), and objects in that form.</summary>
/// <param name="Form">Plain, Table or metadata only.</param>
/// <param name="MetaVersion"><c>meta.k8s.io/VERSION</c> of the latter two.</param>
/// <param name="Yaml">YAML instead of JSON.</param>
/// <param name="IncludeObject">What rows of a Table carry: Metadata, None or Object.</param>
internal sealed record Representation(RepresentationForm Form, string MetaVersion = "meta.k8s.io/v1", bool Yaml = false, string IncludeObject = "")
{
    /// <summary>The first entry this server can serve. Protobuf is passed over: whoever asks for it lists JSON behind it.</summary>
    /// <exception cref="ApiErrorException">406 when nothing fits.</exception>
    public static Representation Negotiate(HttpRequest request)
    {
        string accept = request.Headers.Accept.ToString();
        string[] entries = accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return entries.Length == 0
            ? new Representation(RepresentationForm.Plain)
            : entries.Select(entry => Read(entry.Split(';', StringSplitOptions.TrimEntries), request)).FirstOrDefault(r => r is not null) ?? throw ApiErrors.NotAcceptable();
    }

    /// <summary>One object as bytes of JSON. <paramref name="withColumns"/>: false for the second and later Tables of a watch.</summary>
    public ReadOnlyMemory<byte> Show(JsonElement obj, ResourceDefinition resource, DateTimeOffset now, bool withColumns = true)
    {
        switch (Form)
        {
            case RepresentationForm.Table:
                JsonObject metadata = new() { ["resourceVersion"] = obj.GetProperty("metadata").TryGetProperty("resourceVersion", out JsonElement v) ? v.GetString() : string.Empty };
                return TableBuilder.Build(resource, [obj], this, metadata, now, withColumns).ToUtf8();
            case RepresentationForm.Metadata:
                return TableBuilder.Partial(obj, MetaVersion).ToUtf8();
            default:
                return JsonMarshal.GetRawUtf8Value(obj).ToArray();
        }
    }

    private static Representation? Read(string[] parts, HttpRequest request)
    {
        bool isJson = parts[0] is "application/json" or "*/*" or "application/*";
        string version = Parameter(parts, "v") ?? "v1";
        bool isMeta = isJson && Parameter(parts, "g") == "meta.k8s.io" && version is "v1" or "v1beta1";
        return Parameter(parts, "as") switch
        {
            null when isJson || parts[0] == "application/yaml" => new Representation(RepresentationForm.Plain, Yaml: !isJson),
            "Table" when isMeta => new Representation(RepresentationForm.Table, $"meta.k8s.io/{version}", IncludeObject: request.Query["includeObject"].ToString()),
            "PartialObjectMetadata" or "PartialObjectMetadataList" when isMeta => new Representation(RepresentationForm.Metadata, $"meta.k8s.io/{version}"),
            _ => null,
        };
    }

    private static string? Parameter(string[] parts, string name) =>
        parts.Skip(1).FirstOrDefault(part => part.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];
}

internal enum RepresentationForm
{
    Plain,

    Table,

    /// <summary>PartialObjectMetadata, or its list.</summary>
    Metadata,
}
