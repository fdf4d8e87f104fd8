namespace RocketOps.Operator.Entities;

/// <summary>Group, version and category every RocketOps resource shares.</summary>
public static class EntityGroup
{
    /// <summary>API group of all RocketOps resources.</summary>
    public const string Name = "rocketops.io";

    /// <summary>The served and stored version. Changes to it are additive only, so no conversion is ever needed.</summary>
    public const string Version = "v1beta1";

    /// <summary><c>kubectl get rocketops</c> lists every kind of the group.</summary>
    public const string Category = "rocketops";

    /// <summary>The value of <c>apiVersion</c> in manifests.</summary>
    public const string ApiVersion = Name + "/" + Version;
}
