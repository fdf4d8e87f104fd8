using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Http;

/// <summary>Access reviews: there is one user and everything is allowed. Nothing is stored.</summary>
internal static class ReviewHandler
{
    public static bool Handles(string kind) => kind is "SelfSubjectAccessReview" or "SelfSubjectRulesReview" or "SelfSubjectReview";

    public static Task AnswerAsync(HttpContext context, RequestTarget target, byte[] body)
    {
        JsonObject sent = RequestBody.Object(context.Request, body, []);
        JsonObject review = new()
        {
            ["kind"] = target.Resource.Kind,
            ["apiVersion"] = target.Resource.GroupVersion,
            ["metadata"] = new JsonObject(),
        };
        switch (target.Resource.Kind)
        {
            case "SelfSubjectAccessReview":
                review["spec"] = sent.Child("spec")?.DeepClone() ?? new JsonObject();
                review["status"] = new JsonObject { ["allowed"] = true };
                break;
            case "SelfSubjectRulesReview":
                review["spec"] = new JsonObject();
                review["status"] = new JsonObject
                {
                    ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }),
                    ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }),
                    ["incomplete"] = false,
                };
                break;
            default:
                review["status"] = new JsonObject
                {
                    ["userInfo"] = new JsonObject
                    {
                        ["username"] = "rocketops",
                        ["groups"] = new JsonArray("system:masters", "system:authenticated"),
                    },
                };
                break;
        }

        return Responses.WriteAsync(context, 201, review);
    }
}
