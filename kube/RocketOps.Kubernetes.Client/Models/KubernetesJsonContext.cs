using System.Text.Json.Serialization;

namespace RocketOps.Kubernetes.Models;

/// <summary>Serializer code for the built-in kinds. Unknown fields are ignored on read, nulls are left out on write (they delete in a merge patch).</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ClusterRole))]
[JsonSerializable(typeof(ClusterRoleBinding))]
[JsonSerializable(typeof(Condition))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(ControllerRevision))]
[JsonSerializable(typeof(CustomResourceDefinition))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(EndpointSlice))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(LabelSelector))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Node))]
[JsonSerializable(typeof(ObjectMeta))]
[JsonSerializable(typeof(PersistentVolume))]
[JsonSerializable(typeof(PersistentVolumeClaim))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(PodDisruptionBudget))]
[JsonSerializable(typeof(ReplicaSet))]
[JsonSerializable(typeof(Role))]
[JsonSerializable(typeof(RoleBinding))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(SelfSubjectAccessReview))]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(ServiceAccount))]
[JsonSerializable(typeof(StatefulSet))]
[JsonSerializable(typeof(StorageClass))]
public sealed partial class KubernetesJsonContext : JsonSerializerContext;
