using System.Text;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Headers;
using RocketOps.Remoting.Connections;

namespace RocketOps.Remoting.Tests.Connections;

/// <summary>Forbids one code, and every request whose "Signature" is not all its other fields in the order of their names, as RocketMQ's is made.</summary>
internal sealed class SigningGate(int forbiddenCode) : IRequestGate
{
    public const string Signature = "Signature";

    public static string Sign(RemotingCommand request) =>
        string.Concat(request.ExtFields!.Where(static field => field.Key != Signature).OrderBy(static field => field.Key, StringComparer.Ordinal).Select(static field => field.Value));

    public bool TryAdmit(in RequestFrame frame, RequestBatch batch)
    {
        if (frame.Code == forbiddenCode)
        {
            batch.Reply(frame, ResponseCode.NoPermission, "code"u8);
            return false;
        }

        SortedDictionary<string, string> fields = new(StringComparer.Ordinal);
        ExtFieldReader reader = new(frame, batch.RentScratch(frame.ScratchBytes));
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            fields.Add(Encoding.UTF8.GetString(name), Encoding.UTF8.GetString(value));
        }

        if (fields.Remove(Signature, out string? signature) && string.Equals(signature, string.Concat(fields.Values), StringComparison.Ordinal))
        {
            return true;
        }

        batch.Reply(frame, ResponseCode.NoPermission, "signature"u8);
        return false;
    }
}
