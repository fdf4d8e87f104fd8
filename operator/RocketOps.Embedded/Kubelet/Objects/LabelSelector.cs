using System.Text.Json;

namespace RocketOps.Embedded.Kubelet.Objects;

/// <summary>Selectors of workloads (matchLabels and matchExpressions) and of Services (a plain map).</summary>
internal static class LabelSelector
{
    /// <summary>A selector of StatefulSets, ReplicaSets, Deployments and budgets. An empty one matches everything.</summary>
    public static bool Matches(JsonElement selector, KubeObject candidate)
    {
        if (!MatchesMap(selector.Field("matchLabels"), candidate))
        {
            return false;
        }

        foreach (JsonElement expression in selector.Items("matchExpressions"))
        {
            if (!MatchesExpression(expression, candidate))
            {
                return false;
            }
        }

        return true;
    }

    public static bool MatchesMap(JsonElement labels, KubeObject candidate)
    {
        if (labels.ValueKind != JsonValueKind.Object)
        {
            return true;
        }

        foreach (JsonProperty label in labels.EnumerateObject())
        {
            if (candidate.Label(label.Name) != label.Value.GetString())
            {
                return false;
            }
        }

        return true;
    }

    private static bool MatchesExpression(JsonElement expression, KubeObject candidate)
    {
        string? value = candidate.Label(expression.Text("key") ?? "");
        return expression.Text("operator") switch
        {
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "In" => value is not null && Contains(expression, value),
            "NotIn" => value is null || !Contains(expression, value),
            _ => false,
        };
    }

    private static bool Contains(JsonElement expression, string value)
    {
        foreach (JsonElement allowed in expression.Items("values"))
        {
            if (allowed.GetString() == value)
            {
                return true;
            }
        }

        return false;
    }
}
