using System.Reflection;
using System.Text;
using RocketOps.Protocol.Records;

namespace RocketOps.Protocol.Tests.Records;

public sealed class PropertyNamesTests
{
    private delegate ReadOnlySpan<byte> Name();

    [Fact]
    public void Utf8_EveryName_IsThatOfTheText()
    {
        PropertyInfo[] names = typeof(PropertyNames.Utf8).GetProperties(BindingFlags.Public | BindingFlags.Static);

        names.Should().HaveCountGreaterThan(10);
        foreach (PropertyInfo name in names)
        {
            string utf8 = Encoding.UTF8.GetString(name.GetMethod!.CreateDelegate<Name>()());
            utf8.Should().Be((string)typeof(PropertyNames).GetField(name.Name)!.GetRawConstantValue()!, name.Name);
        }
    }
}
