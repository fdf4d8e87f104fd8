using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Operation that the operator does in several steps.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationType>))]
public enum OperationType
{
    /// <summary>Members leave a group.</summary>
    ScaleIn,

    /// <summary>Members come to a group that elects its master.</summary>
    ScaleOut,

    /// <summary>A group leaves.</summary>
    Drain,

    /// <summary>A group comes.</summary>
    Open,

    /// <summary>The volumes of a group grow.</summary>
    Grow,

    /// <summary>Outdated pods of a group restart.</summary>
    Roll,
}
