using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Yaml;

namespace RocketOps.Kubernetes.Rbac;

/// <summary>Collects the rights that <c>[EntityRbac]</c> and <c>[GenericRbac]</c> ask for into the fewest rules, in an order that does not change.</summary>
public static class RbacGenerator
{
    private static readonly (RbacVerbs Verb, string Name)[] Names =
    [
        (RbacVerbs.Get, "get"), (RbacVerbs.List, "list"), (RbacVerbs.Watch, "watch"), (RbacVerbs.Create, "create"),
        (RbacVerbs.Update, "update"), (RbacVerbs.Patch, "patch"), (RbacVerbs.Delete, "delete"),
    ];

    /// <param name="annotated">Controllers, finalizers and whatever else carries the attributes.</param>
    /// <param name="leaseName">The lease of the operator's leader election; null without one.</param>
    public static IReadOnlyList<PolicyRule> Generate(IEnumerable<Type> annotated, string? leaseName = null)
    {
        ArgumentNullException.ThrowIfNull(annotated);
        Dictionary<Resource, RbacVerbs> wanted = new();
        foreach (Type type in annotated)
        {
            foreach (EntityRbacAttribute rbac in type.GetCustomAttributes<EntityRbacAttribute>(inherit: false))
            {
                foreach (KubernetesEntityAttribute? entity in rbac.Entities.Select(KubernetesEntityAttribute.Of))
                {
                    string resource = rbac.Subresource is null ? entity.PluralName : $"{entity.PluralName}/{rbac.Subresource}";
                    Want(wanted, entity.Group, resource, rbac.ResourceNames, rbac.Verbs);
                }
            }

            foreach (GenericRbacAttribute rbac in type.GetCustomAttributes<GenericRbacAttribute>(inherit: false))
            {
                foreach (string group in rbac.Groups)
                {
                    foreach (string resource in rbac.Resources)
                    {
                        Want(wanted, group, resource, rbac.ResourceNames, rbac.Verbs);
                    }
                }
            }
        }

        // What the runtime itself does.
        Want(wanted, "events.k8s.io", "events", names: null, RbacVerbs.Create | RbacVerbs.Patch);
        if (leaseName is not null)
        {
            // Creation cannot be limited to a name.
            Want(wanted, "coordination.k8s.io", "leases", names: null, RbacVerbs.Create);
            Want(wanted, "coordination.k8s.io", "leases", [leaseName], RbacVerbs.Get | RbacVerbs.Update);
        }

        return
        [
            .. wanted.OrderBy(p => p.Key.Group, StringComparer.Ordinal)
                .ThenBy(p => p.Key.Names, StringComparer.Ordinal)
                .ThenBy(p => p.Key.Name, StringComparer.Ordinal)
                .GroupBy(p => (p.Key.Group, p.Key.Names, p.Value))
                .Select(rule => new PolicyRule
            {
                ApiGroups = [rule.Key.Group],
                Resources = [.. rule.Select(p => p.Key.Name)],
                ResourceNames = rule.Key.Names.Length == 0 ? null : [.. rule.Key.Names.Split(',')],
                Verbs = [.. Names.Where(n => rule.Key.Value.HasFlag(n.Verb)).Select(n => n.Name)],
            }),
        ];
    }

    /// <summary>The rules as a YAML document with the single key <c>rules</c>, for a chart to take in.</summary>
    public static string GenerateYaml(IEnumerable<Type> annotated, string? leaseName = null)
    {
        IReadOnlyList<PolicyRule> rules = Generate(annotated, leaseName);
        JsonArray list = new([.. rules.Select(r => JsonSerializer.SerializeToNode(r, KubernetesJsonContext.Default.PolicyRule))]);
        return "# Generated from the attributes of the controllers; change those and run the tests with ROCKETOPS_UPDATE=1.\n"
            + YamlText.Write(new JsonObject { ["rules"] = list });
    }

    private static void Want(Dictionary<Resource, RbacVerbs> wanted, string group, string resource, string[]? names, RbacVerbs verbs)
    {
        if (verbs == RbacVerbs.None)
        {
            throw new InvalidOperationException($"Rights on {resource} without verbs.");
        }

        Resource key = new(group, resource, names is null ? "" : string.Join(',', names.Order(StringComparer.Ordinal)));
        wanted[key] = wanted.GetValueOrDefault(key) | verbs;
    }

    private readonly record struct Resource(string Group, string Name, string Names);
}
