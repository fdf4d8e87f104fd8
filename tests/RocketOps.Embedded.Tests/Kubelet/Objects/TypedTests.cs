using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Builtins;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;
using RocketOps.Embedded.Api.Schema;
using RocketOps.Embedded.Api.Writing;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Tests.Kubelet.Objects;

public sealed class TypedTests
{
    private const int Depth = 12;

    /// <summary>Each kind that is read by a model, and the read.</summary>
    private static readonly Dictionary<string, Action<KubernetesObject>> Reads = new()
    {
        ["pods"] = static item => _ = (item.PodSpec(), item.PodStatus()),
        ["services"] = static item => item.ServiceSpec(),
        ["persistentvolumeclaims"] = static item => _ = (item.ClaimSpec(), item.IsBound()),
        ["statefulsets"] = static item => _ = (item.StatefulSetSpec(), item.StatusAs(KubernetesJsonContext.Default.StatefulSetStatus)),
        ["deployments"] = static item => _ = (item.DeploymentSpec(), item.StatusAs(KubernetesJsonContext.Default.DeploymentStatus)),
        ["replicasets"] = static item => _ = (item.ReplicaSetSpec(), item.ReplicaSetStatus()),
        ["poddisruptionbudgets"] = static item => item.BudgetSpec(),
        ["configmaps"] = static item => item.Json.Deserialize(KubernetesJsonContext.Default.ConfigMap),
        ["secrets"] = static item => item.Json.Deserialize(KubernetesJsonContext.Default.Secret),
        ["endpointslices"] = static item => item.Json.Deserialize(KubernetesJsonContext.Default.EndpointSlice),
    };

    public static TheoryData<string> Plurals => [.. Reads.Keys];

    /// <summary>No model may be of another mind than the schema that the API server admits by.</summary>
    [Theory]
    [MemberData(nameof(Plurals))]
    public void Read_OfAnObjectWithEveryFieldOfItsSchema_IsPossible(string plural)
    {
        ResourceDefinition resource = BuiltinCatalog.Instance.Resources.Single(resource => resource.Plural == plural);
        JsonObject obj = (JsonObject)Filled(resource.Schema, Depth)!;
        GoTypes.Check(obj, resource);

        FluentActions.Invoking(() => Reads[plural](new KubernetesObject(obj.Freeze()))).Should().NotThrow();
    }

    private static JsonNode? Filled(SchemaNode schema, int depth) => schema.Type switch
    {
        _ when depth == 0 => null,
        SchemaType.Object when schema.IsMap => new JsonObject { ["key"] = Filled(schema.AdditionalProperties!, depth - 1) },
        SchemaType.Object => new JsonObject(schema.PropertyOrder
            .Select(name => KeyValuePair.Create(name, Filled(schema.Properties[name], depth - 1)))
            .Where(static member => member.Value is not null)),
        SchemaType.Array => schema.Items is { } items && Filled(items, depth - 1) is { } item ? new JsonArray(item) : new JsonArray(),
        SchemaType.IntOrString => JsonValue.Create("50%"),
        SchemaType.Integer => JsonValue.Create(schema.Format == "int32" ? int.MaxValue : long.MaxValue),
        SchemaType.Number => JsonValue.Create(1.5),
        SchemaType.Boolean => JsonValue.Create(true),
        SchemaType.String => JsonValue.Create(schema.Format switch
        {
            "quantity" => "1500m",
            "date-time" => "2026-01-02T03:04:05Z",
            "micro-time" => "2026-01-02T03:04:05.000006Z",
            "byte" => "AAEC",
            _ => "text",
        }),
        _ when schema.Format == "quantity" => JsonValue.Create("1500m"),
        _ => null,
    };
}
