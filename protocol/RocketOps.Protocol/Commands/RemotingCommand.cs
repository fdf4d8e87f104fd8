using System.Globalization;
using System.Text;
using RocketOps.Protocol.Framing;

namespace RocketOps.Protocol.Commands;

/// <summary>
/// One request or response with its header fields in a dictionary: the comfortable form, for everything that does not happen per message.
/// Hot codes read <c>RequestFrame</c> and write with <c>ResponseFrameWriter</c> instead. Not thread-safe.
/// </summary>
public sealed class RemotingCommand
{
    /// <summary>Flag bit of a response.</summary>
    public const int ResponseFlag = 1;

    /// <summary>Flag bit of a request that must not be answered.</summary>
    public const int OneWayFlag = 2;

    /// <summary>Request code (<see cref="RequestCode"/>) or response code (<see cref="ResponseCode"/>).</summary>
    public int Code { get; set; }

    public LanguageCode Language { get; set; } = LanguageCode.DotNet;

    /// <summary>Ordinal of the writer's release, see <see cref="MqVersion"/>.</summary>
    public int Version { get; set; } = MqVersion.V533;

    /// <summary>Correlation id, unique among the outstanding requests of one direction of one connection. Set by the connection for outgoing requests.</summary>
    public int Opaque { get; set; }

    public int Flag { get; set; }

    /// <summary>Error text for people; null when there is none.</summary>
    public string? Remark { get; set; }

    public SerializeType SerializeType { get; set; }

    /// <summary>Header fields; values are strings on the wire. Null until the first one is set.</summary>
    public Dictionary<string, string>? ExtFields { get; set; }

    /// <summary>Body; empty and absent are the same on the wire.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>Not on the wire. An answer that is not all that its peer waits for by this connection: one that is to end behind an answer does not end behind this.</summary>
    public bool ExpectsMore { get; set; }

    public bool IsResponse => (Flag & ResponseFlag) != 0;

    public bool IsOneWay => (Flag & OneWayFlag) != 0;

    /// <summary>A request; the connection that sends it fills in the opaque.</summary>
    public static RemotingCommand CreateRequest(int code) => new() { Code = code };

    /// <summary>The answer to <paramref name="request"/>: same opaque and header format, flag set.</summary>
    public static RemotingCommand CreateResponse(RemotingCommand request, int code, string? remark = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new RemotingCommand
        {
            Code = code,
            Opaque = request.Opaque,
            Flag = ResponseFlag,
            Remark = remark,
            SerializeType = request.SerializeType,
        };
    }

    /// <summary>Sets a header field; null leaves it out, as RocketMQ does.</summary>
    public RemotingCommand Set(string name, string? value)
    {
        if (value is not null)
        {
            ExtFields ??= new Dictionary<string, string>(StringComparer.Ordinal);
            ExtFields[name] = value;
        }

        return this;
    }

    public RemotingCommand Set(string name, long value) => Set(name, value.ToString(CultureInfo.InvariantCulture));

    public RemotingCommand Set(string name, bool value) => Set(name, value ? "true" : "false");

    /// <summary>The field's value, or null when it is absent.</summary>
    public string? Get(string name) => ExtFields is not null && ExtFields.TryGetValue(name, out string? value) ? value : null;

    /// <summary>The value of a required field. Throws <see cref="RemotingCommandException"/> with code 1 and RocketMQ's text when it is absent.</summary>
    public string GetRequired(string name) =>
        Get(name) ?? throw new RemotingCommandException(ResponseCode.SystemError, $"the custom field <{name}> is null");

    /// <summary>A required decimal 32-bit field. Throws <see cref="RemotingCommandException"/> when absent or not a number.</summary>
    public int GetRequiredInt32(string name) => ParseInt32(name, GetRequired(name));

    /// <summary>A required decimal 64-bit field. Throws <see cref="RemotingCommandException"/> when absent or not a number.</summary>
    public long GetRequiredInt64(string name) => ParseInt64(name, GetRequired(name));

    /// <summary>A decimal field, or <paramref name="fallback"/> when absent. Throws <see cref="RemotingCommandException"/> when it is not a number.</summary>
    public int GetInt32(string name, int fallback) => Get(name) is { } text ? ParseInt32(name, text) : fallback;

    /// <inheritdoc cref="GetInt32"/>
    public long GetInt64(string name, long fallback) => Get(name) is { } text ? ParseInt64(name, text) : fallback;

    /// <summary>A boolean field as Java's Boolean.parseBoolean reads it: everything but "true" in any case is false.</summary>
    public bool GetBoolean(string name, bool fallback) =>
        Get(name) is { } text ? string.Equals(text, "true", StringComparison.OrdinalIgnoreCase) : fallback;

    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{(IsResponse ? "response" : "request")} code={Code} opaque={Opaque} body={Body.Length}");
        if (Remark is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $" remark={Remark}");
        }

        return text.ToString();
    }

    private static int ParseInt32(string name, string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new RemotingCommandException(ResponseCode.SystemError, $"the custom field <{name}> is no 32-bit number: \"{text}\"");

    private static long ParseInt64(string name, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new RemotingCommandException(ResponseCode.SystemError, $"the custom field <{name}> is no 64-bit number: \"{text}\"");
}
