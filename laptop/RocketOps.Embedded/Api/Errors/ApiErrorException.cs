using System.Text.Json.Nodes;

namespace RocketOps.Embedded.Api.Errors;

/// <summary>Ends a request with a Status object. Thrown anywhere below the request handler, caught once at its edge.</summary>
internal sealed class ApiErrorException(int code, string? reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code { get; } = code;

    public string? Reason { get; } = reason;

    public JsonObject? Details { get; } = details;

    /// <summary>Seconds for the <c>Retry-After</c> header, or null.</summary>
    public int? RetryAfterSeconds { get; init; }

    public JsonObject ToStatus()
    {
        JsonObject status = new()
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
        };
        if (Reason is not null)
        {
            status["reason"] = Reason;
        }

        if (Details is not null)
        {
            status["details"] = Details.DeepClone();
        }

        status["code"] = Code;
        return status;
    }
}
