using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Protobuf;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Embedded.Api.Requests;

/// <summary>Reads bounded bodies and decodes them by their content type.</summary>
internal static class RequestBody
{
    public static async Task<byte[]> ReadAsync(HttpContext context, long limit)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync(context.RequestAborted);
            if (result.Buffer.Length > limit)
            {
                throw ApiErrors.BodyTooLarge(limit);
            }

            if (result.IsCompleted)
            {
                byte[] body = result.Buffer.ToArray();
                reader.AdvanceTo(result.Buffer.End);
                return body;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>An object from a POST or PUT.</summary>
    public static JsonObject Object(HttpRequest request, byte[] body, ICollection<string> duplicates)
    {
        try
        {
            JsonNode? node = MediaType(request) switch
            {
                "" or "application/json" => JsonReading.Parse(body, duplicates),
                "application/yaml" => SingleYaml(body),
                ProtobufBody.MediaType => ProtobufBody.Read(body),
                _ => throw ApiErrors.UnsupportedBody(),
            };
            return node as JsonObject ?? throw new FormatException($"json: cannot unmarshal {(node is JsonArray ? "array" : "value")} into Go value of type struct");
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest($"the object provided is unrecognized: couldn't get version/kind; json parse error: {e.Message}");
        }
    }

    /// <summary>A patch or apply configuration; <paramref name="doing"/> begins the refusal of a body that cannot be read.</summary>
    public static JsonNode? Patch(byte[] body, bool yaml, string doing = "error decoding patch: ")
    {
        try
        {
            return yaml ? SingleYaml(body) : JsonReading.Parse(body);
        }
        catch (FormatException e)
        {
            throw ApiErrors.BadRequest(doing + e.Message);
        }
    }

    public static string MediaType(HttpRequest request)
    {
        string type = request.ContentType ?? string.Empty;
        int end = type.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? type : type[..end]).Trim();
    }

    private static JsonNode? SingleYaml(byte[] body)
    {
        ReadOnlySpan<byte> start = body.AsSpan().TrimStart(" \t\r\n"u8);
        if (start.Length > 0 && start[0] == (byte)'{')
        {
            // JSON is YAML; the JSON reader is exact about numbers and strings.
            return JsonReading.Parse(body);
        }

        IReadOnlyList<JsonNode> documents = YamlReading.ParseAll(Encoding.UTF8.GetString(body));
        return documents.Count == 1 ? documents[0] : throw new FormatException($"expected one document, got {documents.Count}");
    }
}
