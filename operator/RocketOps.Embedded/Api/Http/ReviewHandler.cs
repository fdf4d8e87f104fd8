using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Http;

/// <summary>Access reviews, which are answered and not stored; what kinds.yaml says of them is the answer.</summary>
internal static class ReviewHandler
{
    public static Task AnswerAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        JsonObject review = new()
        {
            ["kind"] = target.Resource.Kind,
            ["apiVersion"] = target.Resource.GroupVersion,
            ["metadata"] = new JsonObject(),
            ["spec"] = RequestBody.Object(context.Request, body, []).Child("spec")?.DeepClone() ?? new JsonObject(),
        };
        target.Resource.Rules.AnswerReview(review);
        return Responses.WriteAsync(context, 201, review);
    }
}
