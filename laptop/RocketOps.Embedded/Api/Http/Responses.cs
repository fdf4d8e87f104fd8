using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Requests;

namespace RocketOps.Embedded.Api.Http;

/// <summary>Writes answers; each JSON body ends with a line break, as kube-apiserver's do.</summary>
internal static class Responses
{
    public static async Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> json, bool yaml = false, IEnumerable<string>? warnings = null, string contentType = "application/json")
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        foreach (string warning in warnings ?? [])
        {
            response.Headers.Append("Warning", $"299 - {Quote(warning)}");
        }

        if (yaml)
        {
            response.ContentType = "application/yaml";
            byte[] text = Encoding.UTF8.GetBytes(YamlWriting.Write(JsonReading.Parse(json.Span)!));
            response.ContentLength = text.Length;
            await response.Body.WriteAsync(text, context.RequestAborted);
            return;
        }

        response.ContentType = contentType;
        response.ContentLength = json.Length + 1;
        await response.Body.WriteAsync(json, context.RequestAborted);
        await response.Body.WriteAsync("\n"u8.ToArray(), context.RequestAborted);
    }

    public static Task WriteAsync(HttpContext context, int status, JsonNode json, bool yaml = false, IEnumerable<string>? warnings = null) =>
        WriteAsync(context, status, json.ToUtf8(), yaml, warnings);

    public static Task WriteErrorAsync(HttpContext context, ApiErrorException error)
    {
        if (error.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        WriteOptions? options = context.Items.TryGetValue(typeof(WriteOptions), out object? item) ? item as WriteOptions : null;
        return WriteAsync(context, error.Code, error.ToStatus(), warnings: options?.Warnings.Distinct());
    }

    public static async Task WriteTextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    /// <summary>An answer that is not text.</summary>
    public static async Task WriteBytesAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string contentType)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    public static Task PageNotFoundAsync(HttpContext context) => WriteTextAsync(context, 404, "404 page not found\n");

    /// <summary>Header values are ASCII without line breaks.</summary>
    private static string Quote(string warning)
    {
        string text = string.Concat(warning.Select(c => c is < ' ' or > '~' ? '?' : c));
        return $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
    }
}
