using Fields = System.Collections.Generic.Dictionary<int, RocketOps.Embedded.Api.Protobuf.MessageField>;

namespace RocketOps.Embedded.Api.Protobuf;

/// <summary>
/// The messages that kubectl and helm send though manifests would do (kubectl create cm|ns|sa|secret, kubectl auth, helm's releases).
/// Numbers: k8s.io/api and k8s.io/apimachinery generated.proto; those seen on the wire are listed in embedded-api.md §2.2.
/// </summary>
internal static class Messages
{
    private static readonly Fields OwnerReference = new()
    {
        [1] = Text("kind"),
        [3] = Text("name"),
        [4] = Text("uid"),
        [5] = Text("apiVersion"),
        [6] = new("controller", FieldKind.OptionalFlag),
        [7] = new("blockOwnerDeletion", FieldKind.OptionalFlag),
    };

    private static readonly Fields ManagedFields = new()
    {
        [1] = Text("manager"),
        [2] = Text("operation"),
        [3] = Text("apiVersion"),
        [4] = new("time", FieldKind.Time),
        [6] = Text("fieldsType"),
        [7] = new("fieldsV1", FieldKind.Json),
        [8] = Text("subresource"),
    };

    private static readonly Fields ObjectMeta = new()
    {
        [1] = Text("name"),
        [2] = Text("generateName"),
        [3] = Text("namespace"),
        [4] = Text("selfLink"),
        [5] = Text("uid"),
        [6] = Text("resourceVersion"),
        [7] = new("generation", FieldKind.Number),
        [8] = new("creationTimestamp", FieldKind.Time),
        [9] = new("deletionTimestamp", FieldKind.Time),
        [10] = new("deletionGracePeriodSeconds", FieldKind.OptionalNumber),
        [11] = new("labels", FieldKind.TextMap),
        [12] = new("annotations", FieldKind.TextMap),
        [13] = List("ownerReferences", OwnerReference),
        [14] = Texts("finalizers"),
        [17] = List("managedFields", ManagedFields),
    };

    private static readonly Fields ObjectReference = new()
    {
        [1] = Text("kind"),
        [2] = Text("namespace"),
        [3] = Text("name"),
        [4] = Text("uid"),
        [5] = Text("apiVersion"),
        [6] = Text("resourceVersion"),
        [7] = Text("fieldPath"),
    };

    private static readonly Fields LocalObjectReference = new() { [1] = Text("name") };

    private static readonly Fields ResourceAttributes = new()
    {
        [1] = Text("namespace"),
        [2] = Text("verb"),
        [3] = Text("group"),
        [4] = Text("version"),
        [5] = Text("resource"),
        [6] = Text("subresource"),
        [7] = Text("name"),
    };

    private static readonly Fields NonResourceAttributes = new() { [1] = Text("path"), [2] = Text("verb") };

    private static readonly Fields AccessReviewStatus = new()
    {
        [1] = new("allowed", FieldKind.Flag),
        [2] = Text("reason"),
        [3] = Text("evaluationError"),
        [4] = new("denied", FieldKind.Flag),
    };

    private static readonly Dictionary<(string ApiVersion, string Kind), Fields> Known = new()
    {
        [("v1", "Namespace")] = new()
        {
            [1] = Metadata,
            [2] = One("spec", new Fields { [1] = Texts("finalizers") }),
            [3] = One("status", new Fields { [1] = Text("phase") }),
        },
        [("v1", "ConfigMap")] = new()
        {
            [1] = Metadata,
            [2] = new("data", FieldKind.TextMap),
            [3] = new("binaryData", FieldKind.BytesMap),
            [4] = new("immutable", FieldKind.OptionalFlag),
        },
        [("v1", "Secret")] = new()
        {
            [1] = Metadata,
            [2] = new("data", FieldKind.BytesMap),
            [3] = Text("type"),
            [4] = new("stringData", FieldKind.TextMap),
            [5] = new("immutable", FieldKind.OptionalFlag),
        },
        [("v1", "ServiceAccount")] = new()
        {
            [1] = Metadata,
            [2] = List("secrets", ObjectReference),
            [3] = List("imagePullSecrets", LocalObjectReference),
            [4] = new("automountServiceAccountToken", FieldKind.OptionalFlag),
        },
        [("authorization.k8s.io/v1", "SelfSubjectAccessReview")] = new()
        {
            [1] = Metadata,
            [2] = One("spec", new Fields { [1] = One("resourceAttributes", ResourceAttributes), [2] = One("nonResourceAttributes", NonResourceAttributes) }),
            [3] = One("status", AccessReviewStatus),
        },
        [("authorization.k8s.io/v1", "SelfSubjectRulesReview")] = new()
        {
            [1] = Metadata,
            [2] = One("spec", new Fields { [1] = Text("namespace") }),
            [3] = One("status", new Fields { [3] = new("incomplete", FieldKind.Flag), [4] = Text("evaluationError") }),
        },
        [("authentication.k8s.io/v1", "SelfSubjectReview")] = new()
        {
            [1] = Metadata,
            [2] = One("status", new Fields { [1] = One("userInfo", new Fields { [1] = Text("username"), [2] = Text("uid"), [3] = Texts("groups") }) }),
        },
    };

    private static readonly Fields DeleteOptions = new()
    {
        [1] = new("gracePeriodSeconds", FieldKind.OptionalNumber),
        [2] = One("preconditions", new Fields { [1] = Text("uid"), [2] = Text("resourceVersion") }),
        [3] = new("orphanDependents", FieldKind.OptionalFlag),
        [4] = Text("propagationPolicy"),
        [5] = Texts("dryRun"),
    };

    private static MessageField Metadata => One("metadata", ObjectMeta);

    /// <summary>The fields of a kind by number; null when its messages are not decoded here.</summary>
    public static IReadOnlyDictionary<int, MessageField>? Find(string apiVersion, string kind) =>
        kind == "DeleteOptions" ? DeleteOptions : Known.GetValueOrDefault((apiVersion, kind)); // Every group version has DeleteOptions.

    private static MessageField Text(string name) => new(name, FieldKind.Text);

    private static MessageField Texts(string name) => new(name, FieldKind.Text, Repeated: true);

    private static MessageField One(string name, Fields fields) => new(name, FieldKind.Message, fields);

    private static MessageField List(string name, Fields fields) => new(name, FieldKind.Message, fields, Repeated: true);
}
