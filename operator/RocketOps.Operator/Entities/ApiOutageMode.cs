using System.Text.Json.Serialization;

namespace RocketOps.Operator.Entities;

/// <summary>Behaviour of the master of a group that elects it while it cannot renew its lease.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ApiOutageMode>))]
public enum ApiOutageMode
{
    /// <summary>Takes no messages once its lease has ended.</summary>
    Refuse,

    /// <summary>Goes on as long as every member in sync follows it.</summary>
    Serve,
}
