using FsCheck;
using FsCheck.Fluent;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class RecordViewTests
{
    [Fact]
    public void Read_AnyBytes_AreRefusedNotReadBeyond()
    {
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            static bytes =>
            {
                byte[] record = [0, 0, 0, 0, 0xDA, 0xA3, 0x20, 0xA7, .. bytes];
                try
                {
                    RecordView.Read(record);
                }
                catch (InvalidDataException)
                {
                    // What it must be.
                }
            }).QuickCheckThrowOnFailure();
    }
}
