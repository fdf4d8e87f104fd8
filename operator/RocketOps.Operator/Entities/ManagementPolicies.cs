using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Handling of a topic or consumer group by the operator.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ManagementPolicy>))]
public enum ManagementPolicy
{
    /// <summary>It is created, changed and put back as the object asks for.</summary>
    Manage,

    /// <summary>Nothing is ever written or deleted on a broker; the status tells what is there.</summary>
    Observe,
}

/// <summary>Handling of a topic or consumer group that was on a broker before its object.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AdoptionPolicy>))]
public enum AdoptionPolicy
{
    /// <summary>It is taken over when it is as the object asks for; otherwise nothing is changed, and the object says what differs.</summary>
    AdoptIfIdentical,

    /// <summary>It is taken over and changed to what the object asks for.</summary>
    Adopt,

    /// <summary>It is never taken over, also when it is as the object asks for.</summary>
    Fail,
}

/// <summary>Handling of a topic or consumer group on the brokers when its object is deleted.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeletionPolicy>))]
public enum DeletionPolicy
{
    /// <summary>The topic or consumer group stays on the brokers; nothing delays the deletion of the object.</summary>
    Retain,

    /// <summary>It is deleted on every broker before the object goes.</summary>
    Delete,

    /// <summary>It is deleted as with Delete, but only after everything was consumed.</summary>
    DeleteIfDrained,
}
