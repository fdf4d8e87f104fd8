using System.Buffers.Text;
using RocketOps.Broker.Messages;

namespace RocketOps.Broker.Sending;

/// <summary>The properties of an incoming message that change what is done with it, read in one pass. Borrows from the frame.</summary>
internal ref struct SendProperties
{
    /// <summary>Above 0: deliver later.</summary>
    public int DelayLevel { get; private set; }

    /// <summary>A half message of a transaction.</summary>
    public bool IsTransaction { get; private set; }

    /// <summary>Wants to be delivered at an exact time.</summary>
    public bool IsTimer { get; private set; }

    /// <summary>The producer does not wait for the disk.</summary>
    public bool SkipsDiskWait { get; private set; }

    /// <summary>Carries a property that brokers add: somebody sends on a message as he received it. The old one must make way for the new one.</summary>
    public bool WasStoredBefore { get; private set; }

    public ReadOnlySpan<byte> UniqKey { get; private set; }

    public static SendProperties Read(ReadOnlySpan<byte> properties)
    {
        SendProperties found = default;
        PropertyReader reader = new(properties);
        while (reader.TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value))
        {
            switch (name.Length)
            {
                case 4 when name.SequenceEqual("WAIT"u8):
                    found.SkipsDiskWait = System.Text.Ascii.EqualsIgnoreCase(value, "false"u8);
                    break;
                case 5 when name.SequenceEqual("DELAY"u8):
                    found.DelayLevel = Utf8Parser.TryParse(value, out int level, out int used) && used == value.Length ? level : 0;
                    break;
                case 7 when name.SequenceEqual("CLUSTER"u8):
                case 8 when name.SequenceEqual("TRACE_ON"u8) || name.SequenceEqual("REAL_QID"u8):
                case 10 when name.SequenceEqual("MSG_REGION"u8) || name.SequenceEqual("REAL_TOPIC"u8):
                    found.WasStoredBefore = true;
                    break;
                case 8 when name.SequenceEqual("UNIQ_KEY"u8):
                    found.UniqKey = value;
                    break;
                case 8 when name.SequenceEqual("TRAN_MSG"u8):
                    found.IsTransaction = System.Text.Ascii.EqualsIgnoreCase(value, "true"u8);
                    break;
                case 14 when name.SequenceEqual("TIMER_DELAY_MS"u8):
                case 15 when name.SequenceEqual("TIMER_DELAY_SEC"u8):
                case 16 when name.SequenceEqual("TIMER_DELIVER_MS"u8):
                    found.IsTimer = true;
                    break;
                default:
                    break;
            }
        }

        return found;
    }
}
