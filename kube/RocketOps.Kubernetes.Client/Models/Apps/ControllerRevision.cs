using System.Text.Json;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Kubernetes.Models;

[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "ControllerRevision", PluralName = "controllerrevisions")]
public sealed class ControllerRevision : IKubernetesObject
{
    public string ApiVersion { get; set; } = "apps/v1";

    public string Kind { get; set; } = "ControllerRevision";

    public ObjectMeta Metadata { get; set; } = new();

    public JsonElement? Data { get; set; }

    public long Revision { get; set; }
}
