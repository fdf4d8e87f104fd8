using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Choice of the new master when the master of a group is lost.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FailoverMode>))]
public enum FailoverMode
{
    /// <summary>Nobody: roles are fixed, slaves go on serving reads.</summary>
    None,

    /// <summary>An in-sync slave, elected by the members themselves.</summary>
    Automatic,
}
