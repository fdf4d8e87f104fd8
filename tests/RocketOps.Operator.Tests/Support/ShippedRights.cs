using System.Text.Json;
using RocketOps.Embedded;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Operator.Tests.Support;

/// <summary>
/// What the roles of the chart let the operator do, decided as an API server decides: the rules for objects in the namespaces that are watched, those for the leader's Lease where that lives.
/// </summary>
/// <param name="namespaces">Where the operator works; none for the whole cluster.</param>
/// <param name="leaseNamespace">Where the leader's Lease lives; null without leader election.</param>
/// <param name="rules">The rules, when they are not those of the chart: those of an earlier one.</param>
internal sealed class ShippedRights(IReadOnlyCollection<string> namespaces, string? leaseNamespace, IReadOnlyList<PolicyRule>? rules = null)
{
    private const string LeaseGroup = "coordination.k8s.io";

    private static readonly IReadOnlyList<PolicyRule> Rules = Read(Repository.Path("charts", "rocketops", "files", "operator-rules.yaml"));

    // As templates/rbac.yaml divides them: Leases without a name are those of broker groups, beside their clusters.
    private readonly PolicyRule[] _ofLeases = [.. (rules ?? Rules).Where(static rule => rule.ApiGroups!.Contains(LeaseGroup))];
    private readonly PolicyRule[] _ofObjects = [.. (rules ?? Rules).Where(static rule => !rule.ApiGroups!.Contains(LeaseGroup) || rule.ResourceNames is null)];

    public static IReadOnlyList<PolicyRule> Read(string file) =>
        [.. Yaml.ReadAll(File.ReadAllText(file)).Single()["rules"]!.AsArray().Select(static rule => rule.Deserialize(KubernetesJsonContext.Default.PolicyRule)!)];

    /// <summary>Why the API server would answer 403; null when it would not.</summary>
    public string? Refusal(ApiCall call) => Allows(call) ? null : $"{call.Verb} {call.Group}/{call.Resource}{(call.Subresource.Length > 0 ? "/" + call.Subresource : "")} {call.Name} in {(call.Namespace.Length > 0 ? call.Namespace : "all namespaces")}";

    /// <summary>Nobody may give rights he has not: what of the role the operator could not have written.</summary>
    public IEnumerable<string> Excess(Role role) =>
        from rule in role.Rules ?? []
        from verb in rule.Verbs!
        from api in rule.ApiGroups!
        from resource in rule.Resources!
        let refusal = Refusal(new ApiCall(verb, api, resource, "", role.Namespace()!, rule.ResourceNames?.FirstOrDefault() ?? ""))
        where refusal is not null
        select $"{role.Name()}: {refusal}";

    private bool Allows(ApiCall call)
    {
        bool isWatched = namespaces.Count == 0 || (call.Namespace.Length > 0 && namespaces.Contains(call.Namespace));
        return (isWatched && Array.Exists(_ofObjects, rule => Allows(rule, call)))
            || (leaseNamespace is not null && call.Namespace == leaseNamespace && Array.Exists(_ofLeases, rule => Allows(rule, call)));
    }

    private static bool Allows(PolicyRule rule, ApiCall call) =>
        rule.Verbs!.Contains(call.Verb)
        && rule.ApiGroups!.Contains(call.Group)
        && rule.Resources!.Contains(call.Subresource.Length > 0 ? $"{call.Resource}/{call.Subresource}" : call.Resource)
        && (rule.ResourceNames is null || rule.ResourceNames.Contains(call.Name));
}
