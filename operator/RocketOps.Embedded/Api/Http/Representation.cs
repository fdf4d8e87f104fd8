using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;

namespace RocketOps.Embedded.Api.Http;

/// <summary>What the Accept header asks for (reference: embedded-api.md §2.2).</summary>
/// <param name="Form">Plain, Table or metadata only.</param>
/// <param name="MetaVersion">Version of meta.k8s.io for the latter two.</param>
/// <param name="Yaml">YAML instead of JSON.</param>
internal sealed record Representation(RepresentationForm Form, string MetaVersion, bool Yaml)
{
    public static readonly Representation Json = new(RepresentationForm.Plain, "v1", false);

    /// <summary>The first entry this server can serve. Protobuf is passed over: whoever asks for it lists JSON behind it.</summary>
    /// <exception cref="ApiErrorException">406 when nothing fits.</exception>
    public static Representation Negotiate(HttpRequest request)
    {
        string accept = request.Headers.Accept.ToString();
        if (string.IsNullOrWhiteSpace(accept))
        {
            return Json;
        }

        foreach (string entry in accept.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split(';', StringSplitOptions.TrimEntries);
            string? form = Parameter(parts, "as");
            string version = Parameter(parts, "v") ?? "v1";
            switch (parts[0])
            {
                case "application/json" or "*/*" or "application/*":
                    if (form is null)
                    {
                        return Json;
                    }

                    if (Parameter(parts, "g") == "meta.k8s.io" && version is "v1" or "v1beta1")
                    {
                        switch (form)
                        {
                            case "Table":
                                return new Representation(RepresentationForm.Table, version, false);
                            case "PartialObjectMetadata" or "PartialObjectMetadataList":
                                return new Representation(RepresentationForm.Metadata, version, false);
                        }
                    }

                    break;
                case "application/yaml" when form is null:
                    return new Representation(RepresentationForm.Plain, "v1", true);
            }
        }

        throw ApiErrors.NotAcceptable();
    }

    private static string? Parameter(string[] parts, string name)
    {
        foreach (string part in parts.AsSpan(1))
        {
            if (part.Length > name.Length && part[name.Length] == '=' && part.StartsWith(name, StringComparison.Ordinal))
            {
                return part[(name.Length + 1)..];
            }
        }

        return null;
    }
}

internal enum RepresentationForm
{
    Plain,
    Table,

    /// <summary>PartialObjectMetadata, or its list.</summary>
    Metadata,
}
